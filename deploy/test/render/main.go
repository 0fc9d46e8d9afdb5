// Command render prints the pod of the DaemonSet in a folder of Kustomize, as JSON: for a kubelet
// without a cluster, where nobody makes a pod from a DaemonSet.
//
//	render FOLDER
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	err := errors.New("usage: render FOLDER")
	if len(os.Args) == 2 {
		err = render(os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

// render prints the template as it is. A DaemonSet names and places its pods, so the pod gets the
// name and the namespace of the DaemonSet.
func render(dir string) error {
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return err
	}
	for _, r := range all.Resources() {
		if r.GetKind() != "DaemonSet" {
			continue
		}
		object, err := r.Map()
		if err != nil {
			return err
		}
		pod, ok := object["spec"].(map[string]any)["template"].(map[string]any)
		if !ok {
			return fmt.Errorf("%s has no template", r.GetName())
		}
		metadata, ok := pod["metadata"].(map[string]any)
		if !ok {
			return fmt.Errorf("the template of %s has no metadata", r.GetName())
		}
		metadata["name"], metadata["namespace"] = r.GetName(), r.GetNamespace()
		pod["apiVersion"], pod["kind"] = "v1", "Pod"
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(pod)
	}
	return errors.New("there is no DaemonSet")
}
