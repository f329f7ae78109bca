# The payouts by themselves, each target in a terminal of its own, the database first. Needs `npm ci`, and no settings.
#
#   make start-db            the database: goes on running until make stop-db
#   make run-api             takes payout requests: http://localhost:50302/v1/payout-requests
#   make run-request-gate    turns requests into payouts
#   make run-oebs-gate       sends payouts to the ERP
#
# A key for the API:  npx kopek key me payouts:request payouts:read

KOPEK := node bin/kopek.js

# With an embedded database named by its URL, a process that ends leaves it running for the others.
serve = @url="$$($(KOPEK) database url)" && DATABASE_URL="$$url" exec $(KOPEK) serve $(1)

.PHONY: start-db stop-db run-api run-oebs-gate run-request-gate

start-db:
	@$(KOPEK) database start

stop-db:
	@$(KOPEK) database stop

run-api:
	$(call serve,payout-api)

run-oebs-gate:
	$(call serve,oebs-gate)

run-request-gate:
	$(call serve,req-gate)
