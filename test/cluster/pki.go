package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is the cluster's certificate authority, for servers and clients alike.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte // cert
}

// pair is a certificate and its key in PEM form.
type pair struct{ cert, key []byte }

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert := template(pkix.Name{CommonName: "pawl test cluster"})
	cert.IsCA, cert.BasicConstraintsValid = true, true
	cert.KeyUsage |= x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	return &authority{cert: cert, key: key, pem: block("CERTIFICATE", der)}, nil
}

// template is valid from an hour ago, for clocks that differ, to a year from now.
func template(subject pkix.Name) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:   subject,
		NotBefore: now.Add(-time.Hour),
		NotAfter:  now.Add(365 * 24 * time.Hour),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
}

// client issues a certificate by which the API server knows the user and their groups.
func (a *authority) client(user string, groups []string) (pair, error) {
	cert := template(pkix.Name{CommonName: user, Organization: groups})
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(cert)
}

// server issues a certificate for the names, each a DNS name or an IP address.
func (a *authority) server(names ...string) (pair, error) {
	cert := template(pkix.Name{CommonName: names[0]})
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			cert.IPAddresses = append(cert.IPAddresses, ip)
		} else {
			cert.DNSNames = append(cert.DNSNames, name)
		}
	}
	return a.issue(cert)
}

func (a *authority) issue(cert *x509.Certificate) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return pair{}, err
	}
	keyPEM, err := privatePEM(key)
	return pair{cert: block("CERTIFICATE", der), key: keyPEM}, err
}

// writeServerFiles writes into dir what the API server and the controller manager
// read from files: the authority, a serving certificate, the key of service accounts.
func (a *authority) writeServerFiles(dir string) error {
	serving, err := a.server("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost", "127.0.0.1", serviceIP, lanIP)
	if err != nil {
		return err
	}
	accounts, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	accountsPublic, err := x509.MarshalPKIXPublicKey(&accounts.PublicKey)
	if err != nil {
		return err
	}
	accountsPrivate, err := privatePEM(accounts)
	if err != nil {
		return err
	}
	caKey, err := privatePEM(a.key)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"ca.crt": a.pem, "ca.key": caKey,
		"apiserver.crt": serving.cert, "apiserver.key": serving.key,
		"accounts.pub": block("PUBLIC KEY", accountsPublic), "accounts.key": accountsPrivate,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func privatePEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return block("EC PRIVATE KEY", der), nil
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
