package dev.shaula.api.wire;

import dev.shaula.model.Filter;
import org.jspecify.annotations.Nullable;

/** What is to be counted; everything without a filter. */
public record CountRequest(@Nullable Filter filter) {}
