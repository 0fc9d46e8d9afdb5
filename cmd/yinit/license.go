package main

const licenseText = `yinit is free software under the Apache License, Version 2.0:
http://www.apache.org/licenses/LICENSE-2.0
It comes without warranties or conditions of any kind.
`

func printLicense() (int, error) { return printed(licenseText) }
