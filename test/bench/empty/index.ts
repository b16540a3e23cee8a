// The yardstick: a program that makes nothing and loads the same SDKs as the platform does on a local stack.
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

export const stack = pulumi.getStack();
export const loaded = typeof k8s.Provider === "function";
