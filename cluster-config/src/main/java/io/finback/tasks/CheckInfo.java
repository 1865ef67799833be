package io.finback.tasks;

import java.time.Duration;

/** Looks at a task and tells what it saw, without a verdict. Source: Mesos {@code CheckInfo}. */
public record CheckInfo(Probe probe, Duration delay, Duration interval, Duration timeout) {}
