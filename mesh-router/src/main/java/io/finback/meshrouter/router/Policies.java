package io.finback.meshrouter.router;

import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.ServicePolicy;
import io.finback.names.Path;

/** Which policy a name has. Answers from memory, the same for the same name; asked once when a name is first used. */
public interface Policies {
    /** For a bound id, such as {@code /#/io.finback/web}. */
    ClientPolicy client(Path id);

    /** For a logical name, such as {@code /svc/web}. */
    ServicePolicy service(Path name);

    /** The same for every name. */
    static Policies of(ClientPolicy client, ServicePolicy service) {
        return new Policies() {
            @Override
            public ClientPolicy client(Path id) {
                return client;
            }

            @Override
            public ServicePolicy service(Path name) {
                return service;
            }
        };
    }
}
