package hashing

// place is where in a template a value stands, as far as the rules need to know.
type place uint8

const (
	elsewhere   place = iota
	root              // the template
	ownMetadata       // its metadata
	ownLabels         // the labels in which our own are left out
	metadata          // metadata further down, as of a claim
	spec
	resources
	emptyDir
	resourceFieldRef
	csi
	flexVolume
	podCertificate
	stringMap
	amounts // a map of quantities
	amount  // a quantity

	places // how many there are
)

// child returns the place of the field or entry with this key. The table is part of algorithm
// version 1 and follows core/v1 of Kubernetes 1.35 to 1.37.
func (p place) child(key string) place {
	switch p {
	case amounts:
		return amount
	case stringMap, ownLabels, amount:
		return elsewhere
	case root:
		if key == "metadata" {
			return ownMetadata
		}
	case ownMetadata:
		if key == "labels" {
			return ownLabels
		}
	}
	if q := p.special(key); q != elsewhere {
		return q
	}
	return around(key)
}

// special returns the maps and quantities that their key and the object around them tell.
func (p place) special(key string) place {
	switch key {
	case "labels":
		return p.pick(metadata, stringMap)
	case "annotations":
		return max(p.pick(metadata, stringMap), p.pick(ownMetadata, stringMap))
	case "nodeSelector", "matchLabels":
		return stringMap
	case "volumeAttributes":
		return p.pick(csi, stringMap)
	case "options":
		return p.pick(flexVolume, stringMap)
	case "userAnnotations":
		return p.pick(podCertificate, stringMap)
	case "limits", "requests":
		return p.pick(resources, amounts)
	case "overhead":
		return p.pick(spec, amounts)
	case "sizeLimit":
		return p.pick(emptyDir, amount)
	case "divisor":
		return p.pick(resourceFieldRef, amount)
	}
	return elsewhere
}

// around returns the objects in which a special key may stand.
func around(key string) place {
	switch key {
	case "metadata":
		return metadata
	case "spec":
		return spec
	case "resources":
		return resources
	case "emptyDir":
		return emptyDir
	case "resourceFieldRef":
		return resourceFieldRef
	case "csi":
		return csi
	case "flexVolume":
		return flexVolume
	case "podCertificate":
		return podCertificate
	}
	return elsewhere
}

// pick returns the inner place if the outer one is as wanted.
func (p place) pick(wanted, inner place) place {
	if p == wanted {
		return inner
	}
	return elsewhere
}

// emptiness says what stands for nothing at this place in an unstructured value.
func (p place) emptiness() emptiness {
	switch p {
	case ownMetadata, ownLabels, stringMap, amounts:
		return dropEmpty
	}
	return dropNull
}
