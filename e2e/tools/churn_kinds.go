// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// churnKind is one kind that the soak creates, changes and deletes all the time: so many places for
// objects, each empty or taken.
type churnKind struct {
	group, plural string // "apis/apps/v1"
	cluster       bool   // no namespace
	places        int
	fresh         bool // every second object that takes a place has a name nobody had
	body          func(place int) object
	image         string // JSON path of an image to change; "": an annotation is changed
}

const churnNamespaces = 4

func labelled(place int) object {
	return object{"matchLabels": object{"app": fmt.Sprintf("churn-%d", place)}}
}

func template(place int) object {
	return object{
		"metadata": object{"labels": object{"app": fmt.Sprintf("churn-%d", place)}},
		"spec":     podSpec(place),
	}
}

func jobTemplate(place int) object {
	pod := template(place)
	pod["spec"].(object)["restartPolicy"] = "Never"
	return object{"template": pod}
}

func spec(members object) object {
	return object{"spec": members}
}

const templateImage = "/spec/template/spec/containers/0/image"

var churnKinds = []churnKind{
	{group: "api/v1", plural: "pods", places: 300, fresh: true, image: "/spec/containers/0/image",
		body: func(place int) object { return spec(podSpec(place)) }},
	{group: "api/v1", plural: "configmaps", places: 80, fresh: true,
		body: func(place int) object { return object{"data": object{"place": fmt.Sprint(place)}} }},
	{group: "apis/apps/v1", plural: "deployments", places: 50, image: templateImage,
		body: func(place int) object {
			return spec(object{"replicas": place % 4, "selector": labelled(place), "template": template(place)})
		}},
	{group: "apis/apps/v1", plural: "replicasets", places: 20, image: templateImage,
		body: func(place int) object {
			return spec(object{"replicas": 2, "selector": labelled(place), "template": template(place)})
		}},
	{group: "apis/apps/v1", plural: "statefulsets", places: 20, image: templateImage,
		body: func(place int) object {
			return spec(object{"replicas": 1, "serviceName": "s", "selector": labelled(place), "template": template(place)})
		}},
	{group: "apis/batch/v1", plural: "cronjobs", places: 20,
		body: func(place int) object {
			return spec(object{"schedule": "0 3 * * *", "jobTemplate": spec(jobTemplate(place))})
		}},
	{group: "apis/batch/v1", plural: "jobs", places: 20,
		body: func(place int) object { return spec(jobTemplate(place)) }},
	{group: "api/v1", plural: "services", places: 30,
		body: func(place int) object {
			return spec(object{"ports": []object{{"port": 80}}, "selector": object{"app": "churn"}})
		}},
	{group: "api/v1", plural: "serviceaccounts", places: 30,
		body: func(int) object { return object{} }},
	{group: "api/v1", plural: "persistentvolumeclaims", places: 20,
		body: func(int) object {
			return spec(object{"accessModes": []string{"ReadWriteOnce"},
				"resources": object{"requests": object{"storage": "1Gi"}}})
		}},
	{group: "apis/rbac.authorization.k8s.io/v1", plural: "roles", places: 20,
		body: func(int) object {
			return object{"rules": []object{{"apiGroups": []string{""}, "resources": []string{"pods"}, "verbs": []string{"get"}}}}
		}},
	{group: "apis/networking.k8s.io/v1", plural: "networkpolicies", places: 20,
		body: func(place int) object { return spec(object{"podSelector": labelled(place)}) }},
	{group: "apis/networking.k8s.io/v1", plural: "ingresses", places: 20,
		body: func(int) object {
			return spec(object{"defaultBackend": object{"service": object{"name": "s", "port": object{"number": 80}}}})
		}},
	{group: "apis/policy/v1", plural: "poddisruptionbudgets", places: 20,
		body: func(place int) object { return spec(object{"minAvailable": 1, "selector": labelled(place)}) }},
	{group: "apis/rbac.authorization.k8s.io/v1", plural: "clusterroles", cluster: true, places: 10,
		body: func(int) object { return object{"rules": []object{}} }},
	{group: "apis/storage.k8s.io/v1", plural: "storageclasses", cluster: true, places: 10,
		body: func(int) object { return object{"provisioner": "example.com/none"} }},
	{group: "api/v1", plural: "namespaces", cluster: true, places: 10,
		body: func(int) object { return object{} }},
}
