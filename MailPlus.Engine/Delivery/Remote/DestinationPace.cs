namespace MailPlus.Engine.Delivery.Remote;

/// <summary>
/// How many connections a destination bears: more while it takes messages, half of them when it turns connections away. Under the gate of <see cref="RemoteDelivery"/>.
/// </summary>
internal sealed class DestinationPace
{
    private const double First = 5;

    private double _connections = First;

    /// <summary>True when there is nothing to remember of it.</summary>
    public bool IsFresh => _connections >= First;

    /// <summary>Connections at once, at least one.</summary>
    /// <param name="maximum">The most that the settings allow.</param>
    public int Connections(int maximum) => Math.Clamp((int)_connections, 1, Math.Max(1, maximum));

    /// <summary>A message was taken: one connection more after as many messages as there are connections.</summary>
    public void Taken(int maximum) => _connections = Math.Min(Math.Max(1, maximum), _connections + (1 / _connections));

    /// <summary>A connection was refused, broken off or answered 421 (RFC 5321 3.8).</summary>
    public void TurnedAway() => _connections = Math.Max(1, _connections / 2);
}
