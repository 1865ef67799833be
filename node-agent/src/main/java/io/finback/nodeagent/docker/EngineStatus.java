package io.finback.nodeagent.docker;

/**
 * What an agent knows of its engine.
 *
 * @param available whether it answered last time
 * @param text its version and how it works, or why there is none; for people
 */
public record EngineStatus(boolean available, String text) {}
