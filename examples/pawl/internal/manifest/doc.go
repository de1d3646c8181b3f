// Package manifest reads, validates and normalises what a user hands to
// pawl run -f.
//
// [Load] turns paths into objects, or into every error of every file at once;
// it never returns a part. [SetNamespace] then says where objects without a
// namespace belong, and [Deployment] gives the settings of one Deployment:
//
//	objects, err := manifest.Load(paths, os.Stdin, recursive)
//	objects, err = manifest.SetNamespace(objects, namespace, enforce)
//	for _, o := range objects { // Namespaces, ConfigMaps, Secrets, Services, Deployments
//		spec, errs := manifest.Deployment(o.Unstructured)
//	}
//
// # As written
//
// An object stays as its author wrote it, unknown fields included, because a
// three-way apply compares what was written before with what is written now.
// The one exception is a Secret, whose stringData becomes data as in the API
// server. Defaults live beside the object: [AppsV1] gives the form which the
// API server would store, [Deployment] reads the settings out of it. Neither
// defaults spec.replicas, which belongs to whoever scaled last, nor touches
// the pod template, whose identity decides whether there is a rollout.
//
// # Defaults are those of the version written
//
// The defaults of extensions/v1beta1 are not those of apps/v1 (see versions in
// version.go), and a manifest means what it meant in its own API version.
//
// # Errors
//
// The error of Load is an [Errors]; each of its elements is an [*Error] with
// the place and, for a bad field, a *field.Error below it, or a [*PathError]
// when a file cannot be read, or [ErrNoObjects]. Wording is the API server's
// and kubectl's own where they have one. A field which this version of
// Kubernetes does not know is kept and reported in [Object.Warnings]. Errors
// about fields of a Secret leave the value out.
package manifest
