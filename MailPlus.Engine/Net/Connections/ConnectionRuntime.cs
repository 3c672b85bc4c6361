namespace MailPlus.Engine.Net.Connections;

/// <summary>What listeners share: the table of open connections, the life of each, and time.</summary>
public sealed record ConnectionRuntime(ConnectionTable Table, ConnectionLifetime Lifetime, TimeProvider Clock);
