package backup_test

import (
	"archive/tar"
	"bytes"
	"io"
)

// content gives the names and contents of a tar file, nil where it is none. The manifest is left out: what it says of when and by what
// it was written is nobody's proof.
func content(raw []byte) (all []byte) {
	in := tar.NewReader(bytes.NewReader(raw))
	for {
		header, err := in.Next()
		if err != nil {
			if err == io.EOF {
				return all
			}
			return nil
		}
		content, err := io.ReadAll(in)
		if err != nil {
			return nil
		}
		if header.Name != "manifest.json" {
			all = append(append(all, header.Name...), content...)
		}
	}
}
