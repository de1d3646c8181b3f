package kubetest

// Store keeps everything a [Cluster] knows, as an ordered map from keys to values. A Cluster
// holds no state of its own beside it, so several processes can share one cluster by sharing
// the store, and a process that is killed leaves nothing half-done.
//
// Transactions are serializable: one Update at a time, and a View sees the outcome of whole
// Updates only. A transaction never starts another one. The two methods are those of a bucket
// in a bbolt file; [TestStore] checks an implementation.
type Store interface {
	// View calls the function with a Tx whose Put and Delete are not used.
	View(func(Tx) error) error
	// Update commits what the function wrote, or nothing if it answers an error, which
	// Update then answers as it is.
	Update(func(Tx) error) error
}

// Tx is one transaction of a [Store]. It and the values it hands out are valid only until the
// function of the transaction returns.
type Tx interface {
	// Get answers nil when there is no such key. The caller does not change the value.
	Get(key string) ([]byte, error)
	// Put keeps a value that is not empty. The caller does not change it afterwards.
	Put(key string, value []byte) error
	// Delete forgets the key, and is content when there is no such key.
	Delete(key string) error
	// Scan visits the keys from ≤ key < to in the order of their bytes, until the visitor
	// answers an error, which Scan then answers as it is. The visitor does not write.
	Scan(from, to string, visit func(key string, value []byte) error) error
}

// scanPrefix visits the keys that start with the prefix, whose last byte is not 0xff.
func scanPrefix(tx Tx, prefix string, visit func(key string, value []byte) error) error {
	last := len(prefix) - 1
	return tx.Scan(prefix, prefix[:last]+string(prefix[last]+1), visit)
}
