package io.finback.verification.serialization;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializers;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.concurrent.TimeUnit;

/** A system that serializes as a member does: the same configuration files, but no listener. */
final class Wire {
    /** Akka's number of jackson-cbor; part of every journal. */
    static final int JACKSON_CBOR = 33;

    private final ActorSystem<Void> system;
    private final Serialization serialization;
    private final ActorRef<Object> actor;

    Wire() {
        Config config = ConfigFactory.parseString("akka.actor.provider = local\nakka.cluster.jmx.enabled = off")
                .withFallback(ConfigFactory.parseResources("finback-cluster.conf"))
                .withFallback(ConfigFactory.parseResources("finback-node.conf"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
        system = ActorSystem.create(Behaviors.empty(), "wire", config);
        serialization = SerializationExtension.get(system);
        actor = system.systemActorOf(Behaviors.ignore(), "example", Props.empty());
    }

    Config config() {
        return system.settings().config();
    }

    Examples examples() {
        return new Examples(actor);
    }

    int serializerOf(Object value) {
        return serialization.findSerializerFor(value).identifier();
    }

    byte[] write(Object value) {
        return serialization.serialize(value).get();
    }

    String manifest(Object value) {
        return Serializers.manifestFor(serialization.findSerializerFor(value), value);
    }

    Object read(byte[] bytes, String manifest) {
        return serialization.deserialize(bytes, JACKSON_CBOR, manifest).get();
    }

    void close() throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
