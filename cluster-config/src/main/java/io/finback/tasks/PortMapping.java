package io.finback.tasks;

/**
 * A port of the machine that leads to one of a container. Source: Mesos {@code NetworkInfo.PortMapping}.
 *
 * @param hostPort 0 to 65535
 * @param containerPort 0 to 65535; 0: the same as {@code hostPort}
 * @param protocol {@code tcp}, {@code udp}, or both with a comma between
 */
public record PortMapping(int hostPort, int containerPort, String protocol) {}
