//go:build unix && !linux

package cluster

import "errors"

type netns struct{}

func newNetns() (*netns, error)        { return nil, errors.ErrUnsupported }
func (*netns) do(f func() error) error { return errors.ErrUnsupported }
func (*netns) path() string            { return "" }
func (*netns) close()                  {}
