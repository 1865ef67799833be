package io.finback.verification.mesh;

/**
 * One target under one load.
 *
 * @param requests answered with 2xx
 * @param wrong answers of another kind, and broken connections
 * @param perSecond requests a second
 * @param p50 milliseconds
 * @param p99 milliseconds
 * @param cpuPerThousand processor milliseconds of the target's processes per 1,000 requests
 */
record Measured(long requests, long wrong, double perSecond, double p50, double p99, double cpuPerThousand) {}
