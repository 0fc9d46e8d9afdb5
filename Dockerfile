# Builds an image that contains only yinit. Use COPY --from with it, or use it as a base:
#   docker build -t yinit .
# BASE is the base of the image: scratch, or an image to which yinit is added as the init.
ARG GO_IMAGE=golang:1.26
ARG BASE=scratch

FROM ${GO_IMAGE} AS build
ARG VERSION=0.1.0-dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build VERSION=${VERSION}

FROM ${BASE} AS yinit
COPY --from=build /src/bin/yinit /yinit
ENTRYPOINT ["/yinit", "--"]
