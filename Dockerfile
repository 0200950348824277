# The gateway's image, in three stages: GraphiQL's assets, a virtual environment from the
# lock, and what runs.
#
# The bases are pinned by tag and not by digest: a build then takes the security fixes
# that the distribution has published under the tag. What the project itself installs is
# held to its hashes, by package-lock.json and by requirements.txt.

FROM node:22-slim AS graphiql
WORKDIR /src
COPY gateway/server/graphiql/package.json gateway/server/graphiql/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY gateway/server/graphiql ./
RUN npm run build

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# Here each archive is checked against the lock. The steps below install from this folder
# alone, so what the lock lacks stops the build. The shorter way to leave the tools out,
# the lock as --constraint, is refused by pip or not, depending on its version.
COPY requirements.txt ./
RUN pip download --require-hashes --only-binary :all: --dest /wheels -r requirements.txt
COPY pyproject.toml hatch_build.py README.md ./
COPY gateway gateway
COPY --from=graphiql /src/dist gateway/server/graphiql/dist
ENV GRAPHIQL_REQUIRED=1
# The build hook takes assets that are newer than their sources, and COPY may not tell.
RUN touch gateway/server/graphiql/dist/manifest.json \
    && pip wheel --no-index --find-links /wheels --no-deps --wheel-dir /dist .
RUN python -m venv --without-pip /opt/gateway \
    && pip --python /opt/gateway/bin/python install --no-index --find-links /wheels /dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="approvals-gateway"
RUN python -m pip uninstall --yes --root-user-action ignore pip
ENV PATH=/opt/gateway/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY --from=build /opt/gateway /opt/gateway
# A number, so that Kubernetes can see that it is not root. Nothing here is writable to
# it, and the gateway writes no files: the root file system may be read-only.
USER 65532:65532
WORKDIR /
EXPOSE 8000
STOPSIGNAL SIGTERM
# http.client, because urllib would go through a proxy that the environment names.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=2); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["gateway"]
CMD ["serve", "--host", "0.0.0.0"]
