# One service's image, or the simulators'. It holds shared/ and that one service, nothing else:
#
#   docker build --build-arg SERVICE=registry --tag sanad-registry .
#   docker build --target simulators --tag sanad-simulators .
#   docker run sanad-registry registry api
#
# Whoever releases images replaces the tags below by digests of what they tested.

FROM python:3.13-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN ["python", "-m", "venv", "/opt/sanad"]
COPY requirements.lock /tmp/
RUN ["/opt/sanad/bin/python", "-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "-r", "/tmp/requirements.lock"]

FROM packages AS simulator-packages
COPY requirements-local.lock /tmp/
RUN ["/opt/sanad/bin/python", "-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "-r", "/tmp/requirements-local.lock"]

FROM python:3.13-slim AS house
ENV PATH=/opt/sanad/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN ["groupadd", "--gid", "10001", "sanad"]
RUN ["useradd", "--uid", "10001", "--gid", "10001", "--no-create-home", "sanad"]
RUN ["install", "--directory", "--owner=10001", "--group=10001", "--mode=0700", "/var/lib/sanad", "/var/lib/sanad/keys", "/var/lib/sanad/clients"]
WORKDIR /srv/sanad

FROM house AS simulators
COPY --from=simulator-packages /opt/sanad /opt/sanad
COPY simulators/ simulators/
USER 10001:10001
ENTRYPOINT ["python", "-m"]

FROM house AS service
ARG SERVICE
COPY --from=packages /opt/sanad /opt/sanad
COPY services/__init__.py services/__main__.py services/
COPY services/${SERVICE}/ services/${SERVICE}/
COPY shared/ shared/
ENV SANAD_HOST=0.0.0.0 SANAD_PORT=8080 SANAD_STATE_DIR=/var/lib/sanad
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "services"]
