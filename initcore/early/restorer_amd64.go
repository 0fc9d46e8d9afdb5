package early

//lint:file-ignore U1000 the assembly uses what nobody else seems to

const restorerFlag = 0x04000000 // SA_RESTORER: amd64 leaves sigreturn(2) to the program
