// Package hashing tells pod templates apart: the same template has the same identity in every
// process, with every version of the Kubernetes libraries, for ever.
//
// Kubernetes' own hash cannot do that. It is the sum of a dump of the Go struct, type names and
// unset fields included, so it changes with every minor version of k8s.io/api, tells 1Gi from
// 1024Mi, and even changes when somebody has called String on a quantity. Kubernetes uses it as
// a suffix of names only. An engine that finds its revisions by such a hash restarts every
// workload at an upgrade of a dependency.
//
//	template ──Template──► identity  h1-4f0c…   stamped at creation, looked up ever after
//	identity ──Label─────► label     x7kd9v2mqw the value selectors tell pods apart by
//	label    ──Name──────► name      web-x7kd9v2mqw
//
// # Duties of the caller
//
//   - Stamp the identity on the object (an annotation) when it is created and compare stamps;
//     never compute an identity again from what the API server stored, which has defaults.
//   - Use one form of template, typed or unstructured. The two need not agree.
//   - Treat the label as opaque: take it over as found, and on AlreadyExists by a stranger ask
//     for the next one (collision + 1). Collisions touch names only, never identities.
//
// # Rules of algorithm h1
//
// The prefix names the algorithm. A released algorithm is frozen: a better one gets another
// prefix beside it, and testdata/vectors.json holds identities that are never edited. They come
// out the same with each minor of k8s.io/api from 0.29 to 0.37 that test/identity compiles with.
//
// In typed values (structs, and what they hold):
//
//   - A field is known by its JSON name, embedded structs flatten and "-" is left out, all as in
//     encoding/json. Names and order of Go fields and types do not matter, nor does a new field
//     that is unset.
//   - A zero that is not behind a pointer is absent: false, 0, "", nil, an empty list or map, and
//     a struct in which everything is absent.
//   - A pointer that is not nil counts, even to zero, an empty struct, list or map.
//   - Elements of lists and entries of maps count, whatever they are; a nil one counts as null.
//   - A value of type any, and the JSON that a type with its own MarshalJSON or MarshalText
//     writes, is read as unstructured.
//
// In unstructured values (map[string]any and what it holds):
//
//   - null and empty lists are absent as fields, and count as elements of lists.
//   - An empty map is absent where the pod API has a map of strings or quantities: labels and
//     annotations of metadata; nodeSelector; matchLabels; limits and requests of resources;
//     overhead of spec; volumeAttributes of csi; options of flexVolume; userAnnotations of
//     podCertificate. Any other {} counts: emptyDir, securityContext, resources, labelSelector.
//   - false, 0 and "" count.
//
// In both:
//
//   - The template's own labels (pod-template-hash by default) at metadata.labels are left out,
//     and labels or metadata with nothing else in them are absent.
//   - Numbers count by the decimal value of their JSON text: int64(1), float64(1) and
//     json.Number("1.0") agree; the integer 80 and the string "80" differ.
//   - Quantities count by value: 1000m is 1, 1Gi is 1024Mi. In unstructured values a string or
//     number is a quantity in limits and requests of resources, overhead of spec, sizeLimit of
//     emptyDir and divisor of resourceFieldRef; if it does not parse, is longer than 32 bytes or
//     has an exponent beyond 64 it counts as the text or number it is.
//   - Times count by instant at the precision of their JSON: metav1.Time to the second,
//     metav1.MicroTime to the microsecond, time.Time to the nanosecond.
//   - The order of lists counts, that of maps does not.
//
// The input is only read: identities of objects in a shared cache may be computed from any
// number of goroutines.
package hashing
