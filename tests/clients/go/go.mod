module client

go 1.21

require github.com/omise/omise-go v1.7.2
