# One image for every service of the centre and for an edge agent; the command says which.
FROM node:24.11.1-bookworm-slim AS assets
WORKDIR /assets
COPY api/package.json api/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.12.12-slim-bookworm
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /sunlit
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --quiet --require-hashes -r requirements.lock
COPY contracts contracts
COPY runtime runtime
COPY models models
COPY edge edge
COPY ingest ingest
COPY alerting alerting
COPY api api
COPY --from=assets /assets/node_modules /assets/node_modules
RUN pip install --quiet --no-deps --no-build-isolation -e . \
    && sunlit api assets --from /assets/node_modules \
    && useradd --create-home sunlit && mkdir -p /data /wire && chown sunlit /data /wire
USER sunlit
ENTRYPOINT ["sunlit"]
