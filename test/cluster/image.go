package cluster

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// image is a container image of one static binary and nothing else.
type image struct {
	name    string // with its tag
	program string // name of a binary of Build's
	env     []string
}

const pauseImage = "docker.io/library/pause:1" // holds a pod's namespaces

// images are those that nodes have: no other can be pulled.
var images = []image{
	{name: pauseImage, program: "pause"},
	{name: "docker.io/library/web:1", program: "web", env: []string{"VERSION=v1"}},
	{name: "docker.io/library/web:2", program: "web", env: []string{"VERSION=v2"}},
	{name: "docker.io/library/web:3", program: "web", env: []string{"VERSION=v3"}},
}

// writeImages writes one archive of all images, as docker save does, made of the binaries in bin.
func writeImages(path, bin string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	a := archive{tar: tar.NewWriter(file), layers: map[string]layer{}}
	for _, img := range images {
		if err := a.add(img, bin); err != nil {
			return fmt.Errorf("image %s: %w", img.name, err)
		}
	}
	if err := a.end(); err != nil {
		return err
	}
	return file.Close()
}

type archive struct {
	tar      *tar.Writer
	layers   map[string]layer // by program
	manifest []manifestEntry
}

// layer is a tar archive in the archive.
type layer struct{ file, digest string }

type manifestEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func (a *archive) add(img image, bin string) error {
	l, ok := a.layers[img.program]
	if !ok {
		var err error
		if l, err = a.addLayer(img.program, bin); err != nil {
			return err
		}
		a.layers[img.program] = l
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"created":      time.Unix(0, 0).UTC(),
		"config":       map[string]any{"Entrypoint": []string{"/" + img.program}, "Env": img.env},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + l.digest}},
	})
	if err != nil {
		return err
	}
	name := digest(config) + ".json"
	a.manifest = append(a.manifest, manifestEntry{Config: name, RepoTags: []string{img.name}, Layers: []string{l.file}})
	return writeFile(a.tar, name, 0o644, config)
}

func (a *archive) addLayer(program, bin string) (layer, error) {
	binary, err := os.ReadFile(filepath.Join(bin, program))
	if err != nil {
		return layer{}, err
	}
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	if err := writeFile(w, program, 0o755, binary); err != nil {
		return layer{}, err
	}
	if err := w.Close(); err != nil {
		return layer{}, err
	}
	l := layer{file: program + "/layer.tar", digest: digest(data.Bytes())}
	return l, writeFile(a.tar, l.file, 0o644, data.Bytes())
}

func (a *archive) end() error {
	manifest, err := json.Marshal(a.manifest)
	if err != nil {
		return err
	}
	if err := writeFile(a.tar, "manifest.json", 0o644, manifest); err != nil {
		return err
	}
	return a.tar.Close()
}

func writeFile(w *tar.Writer, name string, mode int64, data []byte) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
