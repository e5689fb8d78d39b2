package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// source gives the files of a log: of a directory, or of an address in the layout of C2SP tlog-tiles.
type source interface {
	// read gives a file, and says false where there is none.
	read(path string) (content []byte, is bool, err error)
	// wider gives the paths of what may stand in the place of a partial tile, once the log has grown: the full tile, and where that
	// can be seen, partial ones that hold more.
	wider(full string, n int) []string
}

// maxFile bounds a file: a bundle has 256 entries of at most 64 KiB.
const maxFile = width * (2 + 65_535)

func open(at string) source {
	if strings.HasPrefix(at, "http://") || strings.HasPrefix(at, "https://") {
		return address{strings.TrimSuffix(at, "/"), &http.Client{Timeout: time.Minute}}
	}
	return directory(at)
}

type directory string

func (d directory) read(path string) ([]byte, bool, error) {
	f, err := os.Open(filepath.Join(string(d), filepath.FromSlash(path)))
	if os.IsNotExist(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	return limited(f)
}

func (d directory) wider(full string, n int) []string {
	paths := []string{full}
	listed, _ := os.ReadDir(filepath.Join(string(d), filepath.FromSlash(full+".p"))) // none where there is none
	for _, file := range listed {
		if width, err := strconv.Atoi(file.Name()); err == nil && width > n {
			paths = append(paths, full+".p/"+file.Name())
		}
	}
	return paths
}

type address struct {
	base string
	http *http.Client
}

func (a address) wider(full string, _ int) []string { return []string{full} }

func (a address) read(path string) ([]byte, bool, error) {
	res, err := a.http.Get(a.base + "/" + path)
	if err != nil {
		return nil, false, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
		return limited(res.Body)
	case http.StatusNotFound:
		return nil, false, nil
	}
	return nil, false, fmt.Errorf("%s answers with status %d", path, res.StatusCode)
}

func limited(r io.Reader) ([]byte, bool, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("a file is longer than %d bytes", maxFile)
	}
	return content, true, err
}
