using MailPlus.Engine.Accounts.Activation;

namespace MailPlus.Web.Admin.Accounts;

/// <summary>Choices that wait for Apply (ACC-27), of users or of groups.</summary>
/// <typeparam name="TId">Identity of what is chosen for.</typeparam>
internal sealed class ActivationDraft<TId>
    where TId : notnull
{
    private readonly Dictionary<TId, Waiting> _waiting = [];

    /// <summary>How many wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>What waits, by name.</summary>
    public IEnumerable<Waiting> All => _waiting.Values.OrderBy(one => one.Name, StringComparer.CurrentCulture);

    /// <summary>What will be put in force.</summary>
    public Dictionary<TId, ActivationChoice> Choices => _waiting.ToDictionary(one => one.Key, one => one.Value.After);

    /// <summary>Seats the choices will take, or give back when negative.</summary>
    public int Seats => _waiting.Values.Sum(one => one.Seats);

    /// <summary>The choice to show.</summary>
    public ActivationChoice Of(TId id, ActivationChoice stored) => _waiting.TryGetValue(id, out var one) ? one.After : stored;

    /// <summary>Makes a choice; back to what is stored is no change.</summary>
    public void Choose(TId id, Waiting choice)
    {
        if (choice.Before == choice.After)
        {
            _waiting.Remove(id);
        }
        else
        {
            _waiting[id] = choice;
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => _waiting.Clear();

    /// <summary>A choice that waits.</summary>
    /// <param name="Name">For whom.</param>
    /// <param name="Before">What is stored.</param>
    /// <param name="After">What is wanted.</param>
    /// <param name="Seats">Seats it takes or gives back.</param>
    internal sealed record Waiting(string Name, ActivationChoice Before, ActivationChoice After, int Seats);
}
