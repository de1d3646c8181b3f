package view

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func (d *description) mounts(mounts []corev1.VolumeMount) {
	if len(mounts) == 0 {
		d.line(2, "Mounts:\t<none>")
		return
	}
	d.line(2, "Mounts:")
	slices.SortStableFunc(mounts, func(a, b corev1.VolumeMount) int { return cmp.Compare(a.MountPath, b.MountPath) })
	for _, m := range mounts {
		how := "rw"
		if m.ReadOnly {
			how = "ro"
		}
		if m.SubPath != "" {
			how += fmt.Sprintf(",path=%q", m.SubPath)
		}
		d.line(3, "%s from %s (%s)", m.MountPath, m.Name, how)
	}
}

func (d *description) devices(devices []corev1.VolumeDevice) {
	if len(devices) > 0 {
		d.line(2, "Devices:")
	}
	slices.SortStableFunc(devices, func(a, b corev1.VolumeDevice) int { return cmp.Compare(a.DevicePath, b.DevicePath) })
	for _, v := range devices {
		d.line(3, "%s from %s", v.DevicePath, v.Name)
	}
}

func (d *description) volumes(all []corev1.Volume) {
	if len(all) == 0 {
		d.line(1, "Volumes:\t<none>")
		return
	}
	d.line(1, "Volumes:")
	for _, v := range all {
		d.line(1, " %s:", v.Name)
		d.volume(v.VolumeSource)
	}
}

func (d *description) volume(v corev1.VolumeSource) {
	switch {
	case v.HostPath != nil:
		kind := "<none>"
		if v.HostPath.Type != nil {
			kind = string(*v.HostPath.Type)
		}
		d.fields("HostPath (bare host directory volume)", "Path", v.HostPath.Path, "HostPathType", kind)
	case v.EmptyDir != nil:
		d.fields("EmptyDir (a temporary directory that shares a pod's lifetime)", "Medium", string(v.EmptyDir.Medium), "SizeLimit", sizeLimit(v.EmptyDir))
	case v.Secret != nil:
		d.fields("Secret (a volume populated by a Secret)", "SecretName", v.Secret.SecretName, "Optional", yes(v.Secret.Optional))
	case v.ConfigMap != nil:
		d.fields("ConfigMap (a volume populated by a ConfigMap)", "Name", v.ConfigMap.Name, "Optional", yes(v.ConfigMap.Optional))
	case v.NFS != nil:
		d.fields("NFS (an NFS mount that lasts the lifetime of a pod)", "Server", v.NFS.Server, "Path", v.NFS.Path, "ReadOnly", v.NFS.ReadOnly)
	case v.PersistentVolumeClaim != nil:
		d.fields("PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
			"ClaimName", v.PersistentVolumeClaim.ClaimName, "ReadOnly", v.PersistentVolumeClaim.ReadOnly)
	case v.DownwardAPI != nil:
		d.downward(v.DownwardAPI)
	case v.Projected != nil:
		d.projected(v.Projected)
	default:
		d.fields(otherSource(v))
	}
}

// fields writes the type of a volume and its settings, given in turns as names and values.
func (d *description) fields(kind string, settings ...any) {
	d.line(2, "Type:\t%s", kind)
	for i := 0; i+1 < len(settings); i += 2 {
		d.line(2, "%s:\t%v", settings[i], settings[i+1])
	}
}

func sizeLimit(v *corev1.EmptyDirVolumeSource) string {
	if v.SizeLimit == nil || v.SizeLimit.Sign() <= 0 {
		return "<unset>"
	}
	return v.SizeLimit.String()
}

func (d *description) downward(v *corev1.DownwardAPIVolumeSource) {
	d.fields("DownwardAPI (a volume populated by information about the pod)")
	d.line(2, "Items:")
	for _, item := range v.Items {
		if item.FieldRef != nil {
			d.line(3, "%s -> %s", item.FieldRef.FieldPath, item.Path)
		}
		if item.ResourceFieldRef != nil {
			d.line(3, "%s -> %s", item.ResourceFieldRef.Resource, item.Path)
		}
	}
}

func (d *description) projected(v *corev1.ProjectedVolumeSource) {
	d.fields("Projected (a volume that contains injected data from multiple sources)")
	for _, s := range v.Sources {
		switch {
		case s.Secret != nil:
			d.line(2, "SecretName:\t%s", s.Secret.Name)
			d.line(2, "Optional:\t%t", yes(s.Secret.Optional))
		case s.DownwardAPI != nil:
			d.line(2, "DownwardAPI:\ttrue")
		case s.ConfigMap != nil:
			d.line(2, "ConfigMapName:\t%s", s.ConfigMap.Name)
			d.line(2, "Optional:\t%t", yes(s.ConfigMap.Optional))
		case s.ServiceAccountToken != nil && s.ServiceAccountToken.ExpirationSeconds != nil:
			d.line(2, "TokenExpirationSeconds:\t%d", *s.ServiceAccountToken.ExpirationSeconds)
		}
	}
}

// otherSource names a volume of a type that is not described further.
func otherSource(v corev1.VolumeSource) string {
	var set map[string]json.RawMessage
	if text, err := json.Marshal(v); err != nil || json.Unmarshal(text, &set) != nil {
		return "<unknown>"
	}
	for name := range set {
		return strings.ToUpper(name[:1]) + name[1:]
	}
	return "<unknown>"
}
