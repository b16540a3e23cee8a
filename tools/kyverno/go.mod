module tools/kyverno

go 1.26.0

require github.com/kyverno/kyverno v1.19.1
