package io.finback.meshrouter.router;

import io.finback.wire.AppEndpoints;
import java.util.List;

/**
 * What is known of one app.
 *
 * @param addresses the ready instances' first ports; the same list object until they change
 * @param link the membership this was last heard in: not the present one means it is the last good
 */
public record KnownApp(AppEndpoints endpoints, List<Address> addresses, int link) {
    static KnownApp of(AppEndpoints endpoints, int link) {
        List<Address> addresses = endpoints.ready().stream()
                .filter(instance -> !instance.ports().isEmpty())
                .map(instance -> new Address(instance.host(), instance.ports().get(0)))
                .toList();
        return new KnownApp(endpoints, addresses, link);
    }

    KnownApp confirmedIn(int newLink) {
        return new KnownApp(endpoints, addresses, newLink);
    }
}
