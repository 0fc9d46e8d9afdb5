# Builds yinit and packs it alone: COPY --from this image, or use it as a base.
#   docker build -t yinit .
# BASE is where it goes: scratch, or an image that is to have yinit as its init.
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
