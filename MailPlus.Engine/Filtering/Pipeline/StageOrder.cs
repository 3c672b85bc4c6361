using MailPlus.Engine.Events;
using MailPlus.Engine.Filtering.Authenticate;
using MailPlus.Engine.Filtering.Transaction;

namespace MailPlus.Engine.Filtering.Pipeline;

/// <summary>Which stages judge a message of which origin, in order.</summary>
/// <param name="Inbound">From other servers.</param>
/// <param name="Outbound">From authenticated clients and the webmail.</param>
/// <param name="Generated">Made by this server.</param>
public sealed record StageOrder(IReadOnlyList<IFilterStage> Inbound, IReadOnlyList<IFilterStage> Outbound, IReadOnlyList<IFilterStage> Generated)
{
    /// <summary>The order of the product.</summary>
    public static StageOrder Standard()
    {
        var hops = new HopLimitStage();
        var header = new HeaderLimitStage();
        return new StageOrder([hops, header, new AuthenticationStage()], [hops, header], []);
    }

    /// <summary>The stages for an origin.</summary>
    public IReadOnlyList<IFilterStage> For(MessageOrigin origin) => origin switch
    {
        MessageOrigin.Inbound => Inbound,
        MessageOrigin.Generated => Generated,
        _ => Outbound,
    };
}
