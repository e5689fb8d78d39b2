package app_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/app"
)

// A bundle of a ledger whose checkpoints a witness of somebody else cosigns bears the cosignature and the policy. It meets that policy
// by our own check, by the stand-alone verifier and by a library that nobody here wrote, and no policy with a stranger in it.
func TestABundleIsCosignedByAWitnessOfSomebodyElse(t *testing.T) {
	tool(t, "litewitness")
	data := filepath.Join(t.TempDir(), "data")
	r := start(t, data)
	key := strings.TrimSpace(string(r.get(t, "/api/v1/proof/key")))
	ok(t, r.stop())
	w := newWitness(t, key)
	w.run(t)
	text := "log " + key + "\nwitness w " + w.key + " http://" + w.address + "/\nquorum w\n"
	policy := filepath.Join(t.TempDir(), "policy")
	ok(t, os.WriteFile(policy, []byte(text), 0o600))
	r = witnessed(t, data, policy)
	declared, problem := r.post(t, "/api/v1/register", "application/json",
		`{"controllers":[{"id":"fenland-cycles","name":"Fenland Cycles Ltd","regime":"UK","country":"GB"}]}`)
	if declared != http.StatusOK {
		t.Fatalf("%d %s", declared, problem)
	}
	r.event(t, "bundled", "?proof=witnessed")
	content := r.bundle(t)
	ok(t, r.stop())

	_, err := app.VerifyBundle(bytes.NewReader(content), int64(len(content)), app.BundleCheck{Key: key, Policy: []byte(text)})
	ok(t, err)
	stranger := newWitness(t, key).key
	demands := strings.ReplaceAll(text, w.key, stranger)
	if _, err := app.VerifyBundle(bytes.NewReader(content), int64(len(content)), app.BundleCheck{Key: key, Policy: []byte(demands)}); !errors.Is(err, app.ErrQuorum) {
		t.Errorf("a policy with a stranger is met: %v", err)
	}

	demanded, err := torchwood.ParsePolicy([]byte(text))
	ok(t, err)
	if _, _, err := torchwood.VerifyCheckpoint(unzipped(t, content, "checkpoint"), demanded); err != nil {
		t.Errorf("the checkpoint of the bundle: %v", err)
	}
	if got := unzipped(t, content, "policy"); string(got) != text {
		t.Errorf("the policy of the bundle is %q", got)
	}

	file := filepath.Join(t.TempDir(), "bundle.zip")
	ok(t, os.WriteFile(file, content, 0o600))
	program := filepath.Join(t.TempDir(), "verifier")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", "scripts", "verifier")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for witness, code := range map[string]int{w.key: 0, stranger: 3} {
		cmd := exec.Command(program, "-key", key, "-bundle", "-witness", witness, file)
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != code {
			t.Errorf("the stand-alone verifier ends with %d for %d: %s", cmd.ProcessState.ExitCode(), code, out)
		}
	}
}

// bundle makes a bundle of all that is recorded under the one controller.
func (r *running) bundle(t *testing.T) []byte {
	t.Helper()
	res, err := http.Post(r.at.HTTP+"/api/v1/bundles", "application/json", strings.NewReader(`{"controller":"fenland-cycles"}`))
	ok(t, err)
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	ok(t, err)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", res.StatusCode, content)
	}
	return content
}

func unzipped(t *testing.T, content []byte, name string) []byte {
	t.Helper()
	files, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	ok(t, err)
	f, err := files.Open(name)
	ok(t, err)
	defer func() { _ = f.Close() }()
	file, err := io.ReadAll(f)
	ok(t, err)
	return file
}
