package hashing

import (
	"crypto/sha256"
	"encoding/hex"
)

const (
	// Prefix opens every identity of algorithm version 1. An identity with another prefix was
	// computed by another algorithm and says nothing when compared with one of this.
	Prefix = "h1-"

	// DefaultLabel is the label left out of a template's identity unless others are named: the
	// one Kubernetes adds to the templates of its ReplicaSets (apps/v1,
	// DefaultDeploymentUniqueLabelKey).
	DefaultLabel = "pod-template-hash"
)

// identityBytes is the length of the digest in an identity: 128 bits.
const identityBytes = 16

// domain opens the encoding, so that no other use of SHA-256 shares its sums.
const domain = "pawl/template/1\x00"

// Template returns the identity of a pod template: [Prefix] and 32 hexadecimal digits, in all a
// valid label value too. The package comment has the rules by which two templates are the same.
//
// The template is a struct, such as corev1.PodTemplateSpec or a type of one's own, a pointer to
// one, which saves a copy, or the unstructured map[string]any. The keys in own are the labels
// left out at metadata.labels, in place of [DefaultLabel].
//
// An *[Error] with the path tells what cannot be hashed: [ErrUnsupported] or [ErrLimit].
func Template(template any, own ...string) (string, error) {
	w := newWriter(own)
	defer w.release()
	if err := w.any(template, root); err != nil {
		return "", err
	}
	if w.isNull(len(domain)) {
		return "", unsupported("nil template")
	}
	return identity(w.buf), nil
}

func identity(encoding []byte) string {
	sum := sha256.Sum256(encoding)
	var text [len(Prefix) + 2*identityBytes]byte
	copy(text[:], Prefix)
	hex.Encode(text[len(Prefix):], sum[:identityBytes])
	return string(text[:])
}
