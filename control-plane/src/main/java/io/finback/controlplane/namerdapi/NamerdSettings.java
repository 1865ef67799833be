package io.finback.controlplane.namerdapi;

import java.time.Duration;

/**
 * {@code finback.namerd}.
 *
 * @param askTimeout how long a namespace may take to answer
 * @param maxDtabBytes longest table
 * @param maxNamespaces tables at once
 * @param maxWatches streams at once, per master
 */
public record NamerdSettings(Duration askTimeout, long maxDtabBytes, int maxNamespaces, int maxWatches) {}
