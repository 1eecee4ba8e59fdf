# Build: dependencies first, in a layer that only a change of Cargo.toml, Cargo.lock or build.rs makes again.
FROM rust:1-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY .cargo .cargo
# Empty sources stand in for the real ones. Tests and benches that Cargo.toml may declare are not there yet, and cargo
# insists on their files, so their sections are left out here.
RUN awk '/^\[/ { skip = /^\[\[(bench|example|test)\]\]/ } !skip' Cargo.toml > Cargo.toml.deps \
    && mv Cargo.toml.deps Cargo.toml \
    && mkdir src \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked
COPY . .
# The real sources may be older than the build of the empty ones; touched, they are built all the same.
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin bizcenter

FROM debian:bookworm-slim
RUN install -d -o 10001 -g 10001 /data
COPY --from=build /build/target/release/bizcenter /usr/local/bin/bizcenter
# In production the server refuses to start with the public secrets of development.
ENV APP_ENV=production \
    HOST=0.0.0.0 \
    PORT=4001 \
    SQLITE_PATH=/data/bizcenter.db
WORKDIR /data
VOLUME /data
EXPOSE 4001
# A number, so that an orchestrator can tell that it is not root.
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["bizcenter", "healthcheck"]
ENTRYPOINT ["bizcenter"]
CMD ["serve"]
