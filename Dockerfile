# One image for both services; docker-compose.yml says which of them a container runs.
# The base needs Node 24, npm and a shell. Another one: --build-arg BASE=…
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS modules
WORKDIR /capstan
COPY package.json package-lock.json .npmrc ./
COPY shared/package.json shared/
COPY services/gateway/package.json services/gateway/
COPY services/runner/package.json services/runner/
# What the base brings already (its Node, a filled cache of npm) is not fetched again.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --prefer-offline --no-audit

FROM ${BASE}
WORKDIR /capstan
ENV NODE_ENV=production
COPY --from=modules /capstan ./
COPY tsconfig.base.json LICENSE ./
COPY shared shared
COPY services services
COPY scripts scripts
# Neither user exists in the base, and neither needs to: they are numbers that own what they write.
USER 10000:10000
CMD ["node", "services/gateway/src/main.ts"]
