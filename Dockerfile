# Builds an image that contains only yinit. Use COPY --from with it, or use it as a base:
#   docker build -t yinit .
# BASE is the base of the image: scratch, or an image to which yinit is added as the init.
ARG GO_IMAGE=golang:1.26
ARG BASE=scratch

FROM ${GO_IMAGE} AS build
ARG VERSION=0.1.0-dev
# What --version tells; .dockerignore leaves git's data out.
ARG COMMIT=
ARG DATE=
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build VERSION=${VERSION} COMMIT=${COMMIT} DATE=${DATE}

# Metrics of a node for Prometheus: docker build --target exporter -t yinit-exporter .
FROM build AS build-exporter
ARG VERSION=0.1.0-dev
ARG COMMIT=
ARG DATE=
RUN make exporter VERSION=${VERSION} COMMIT=${COMMIT} DATE=${DATE}

FROM scratch AS exporter
COPY --from=build-exporter /src/bin/yinit-exporter /yinit-exporter
EXPOSE 9997
ENTRYPOINT ["/yinit-exporter"]

FROM ${BASE} AS yinit
COPY --from=build /src/bin/yinit /yinit
ENTRYPOINT ["/yinit", "--"]
