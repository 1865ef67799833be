package io.finback.controlplane.framework;

import java.time.Duration;
import java.util.List;

/**
 * Who a framework is. Source: Mesos {@code FrameworkInfo}.
 *
 * @param roles what its offers are accounted to; at least one
 * @param failoverTimeout how long its tasks are kept when its scheduler is gone; the built-in schedulers never expire
 */
public record FrameworkInfo(String name, String principal, List<String> roles, Duration failoverTimeout) {
    public FrameworkInfo {
        roles = List.copyOf(roles);
        if (roles.isEmpty()) {
            throw new IllegalArgumentException("roles: none (expected: at least one, such as *)");
        }
    }
}
