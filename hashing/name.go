package hashing

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"strings"
)

const (
	alphabet    = "bcdfghjklmnpqrstvwxz2456789" // as rand.SafeEncodeString of apimachinery: no words
	labelLength = 10
	labelCount  = 205_891_132_094_649 // len(alphabet) to the power of labelLength
	maxName     = 253                 // of a DNS-1123 subdomain
)

// Label returns the label value for the revision of a template: ten characters of Kubernetes'
// safe alphabet, a valid label value and end of a name. It is a pure function; other identities
// have other labels but for a chance of 1 in 2e14, and different collision counts, 0 upwards, of
// one identity always do.
//
// The label tells the revisions of one owner apart and carries no meaning beyond that. When an
// object of the resulting name exists and is not the wanted one, count one collision more.
func Label(identity string, collision int) string {
	sum := sha256.Sum256([]byte("pawl/label/1\x00" + identity))
	first := binary.BigEndian.Uint64(sum[:8]) % labelCount
	stride := binary.BigEndian.Uint64(sum[8:16]) % labelCount
	if stride%3 == 0 {
		stride++ // coprime to labelCount, a power of 3: no value comes twice
	}
	high, low := bits.Mul64(uint64(collision), stride)
	low, carry := bits.Add64(low, first, 0)
	return encode(bits.Rem64(high+carry, low, labelCount))
}

// encode writes a number below labelCount in the alphabet.
func encode(n uint64) string {
	var text [labelLength]byte
	for i := range text {
		text[i] = alphabet[n%uint64(len(alphabet))]
		n /= uint64(len(alphabet))
	}
	return string(text[:])
}

// Name returns the name of an object of the owner: owner-label. Given valid ones, the result is
// a DNS-1123 subdomain of at most 253 characters and its label is whole.
//
// Of an owner too long for that, only the beginning and a digest of the whole name remain:
// owners that share a beginning still have objects of different names. Kubernetes cuts without
// a digest and leaves such pairs to AlreadyExists and a collision count. The pods' names are
// made from the result by the API server, which cuts them at 63 characters; the label, not the
// pod's name, tells where a pod belongs.
func Name(owner, label string) string {
	room := maxName - len("-") - len(label)
	if len(owner) <= room || room <= labelLength+len("-") {
		return owner + "-" + label
	}
	sum := sha256.Sum256([]byte("pawl/owner/1\x00" + owner))
	digest := encode(binary.BigEndian.Uint64(sum[:8]) % labelCount)
	start := strings.TrimRight(owner[:room-labelLength-len("-")], "-.")
	return start + "-" + digest + "-" + label
}
