module github.com/jigowatt/daybook/scripts/verifier

go 1.26
