package dev.shaula.api.rest;

import dev.shaula.api.wire.IngestBudget;
import jakarta.inject.Singleton;

/** What every request of the HTTP door shares. */
@Singleton
record Door(HttpConfig config, IngestBudget budget, HttpMetrics metrics) {}
