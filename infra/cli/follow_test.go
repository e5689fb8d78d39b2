package cli_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// daybook gives the path of the program under test.
func daybook(ts *testscript.TestScript) string {
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if path := filepath.Join(dir, "daybook"); exec.Command(path, "version").Run() == nil {
			return path
		}
	}
	ts.Fatalf("daybook is not in the PATH")
	return ""
}

// followed runs daybook with what comes after the text until a line of its output holds the text, and interrupts it then; a signal that
// is sent by the clock may come before it has begun.
func followed(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, daybook(ts), args[1:]...)
	cmd.Env = append(os.Environ(), "DAYBOOK_SERVER="+ts.Getenv("DAYBOOK_SERVER"))
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	heard := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		_, _ = fmt.Fprintln(ts.Stdout(), lines.Text())
		if !heard && strings.Contains(lines.Text(), args[0]) {
			heard = true
			_ = cmd.Process.Signal(syscall.SIGINT)
		}
	}
	if err := cmd.Wait(); !heard || err != nil {
		ts.Fatalf("%q was followed to its end: %v, %v", args[0], heard, err)
	}
}
