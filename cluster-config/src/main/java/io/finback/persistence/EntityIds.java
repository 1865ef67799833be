package io.finback.persistence;

/** Akka's form of a persistence id: entity type, {@code |}, entity id. */
final class EntityIds {
    private EntityIds() {}

    static String prefix(String entityType) {
        return entityType + "|";
    }
}
