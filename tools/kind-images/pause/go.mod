module tools/kind-images/pause

go 1.26.0
