package early

const restorerFlag = 0x04000000 // SA_RESTORER: amd64 leaves sigreturn(2) to the program
