module tools/prober

go 1.26.0
