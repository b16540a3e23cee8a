// Package controllers stands in for the module of the same name, of which Cilium uses this constant and nothing else.
package controllers

// DerivedServiceAnnotation names the Service that stands for a ServiceImport, as the multi-cluster API defines it.
const DerivedServiceAnnotation = "multicluster.kubernetes.io/derived-service"
