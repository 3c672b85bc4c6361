namespace MailPlus.Engine.Imap.Wire;

/// <summary>Events a client may ask for (RFC 5465 5).</summary>
[Flags]
internal enum NotifyEvents
{
    None = 0,
    MessageNew = 1,
    MessageExpunge = 2,
    FlagChange = 4,
    MailboxName = 8,
    SubscriptionChange = 16,
    MailboxMetadataChange = 32,
    ServerMetadataChange = 64,

    /// <summary>What may be asked of the selected mailbox.</summary>
    OfMessages = MessageNew | MessageExpunge | FlagChange,
}

/// <summary>Events of some mailboxes.</summary>
/// <param name="Filter">Which.</param>
/// <param name="Events">What of them.</param>
internal sealed record NotifyGroup(MailboxFilter Filter, NotifyEvents Events)
{
    /// <summary>What is to be fetched of a new message in the selected mailbox.</summary>
    public IReadOnlyList<FetchItem> NewItems { get; init; } = [];
}

/// <summary>Arguments of NOTIFY (RFC 5465 8). Without groups nothing is told any more.</summary>
internal sealed record NotifyArguments(IReadOnlyList<NotifyGroup> Groups)
{
    private const int MaxGroups = 50;

    public static NotifyArguments None { get; } = new([]);

    /// <summary>STATUS of the mailboxes is wanted at once.</summary>
    public bool WantsStatus { get; private init; }

    /// <summary>An event was asked for that does not exist here.</summary>
    public bool HasUnknownEvents { get; private init; }

    /// <summary>More was asked for than one connection may watch.</summary>
    public bool IsTooMuch { get; private init; }

    /// <summary>What is wanted of the selected mailbox, null for nothing.</summary>
    public NotifyGroup? Selected => Groups.FirstOrDefault(g => g.Filter.IsSelected);

    /// <summary>Events wanted of a mailbox that is not selected.</summary>
    public NotifyEvents Of(string name, bool isSubscribed, bool isOwn)
    {
        var events = NotifyEvents.None;
        foreach (var group in Groups)
        {
            events |= group.Filter.Covers(name, isSubscribed, isOwn) ? group.Events : NotifyEvents.None;
        }

        return events;
    }

    public static NotifyArguments Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        if (reader.TryWord("NONE"u8))
        {
            reader.End();
            return None;
        }

        if (!reader.TryWord("SET"u8))
        {
            throw new SyntaxException("Expected SET or NONE");
        }

        reader.Space();
        var wantsStatus = reader.TryWord("STATUS"u8);
        if (wantsStatus)
        {
            reader.Space();
        }

        var groups = new List<NotifyGroup>();
        var hasUnknown = false;
        var isTooMuch = false;
        do
        {
            var group = ReadGroup(ref reader, ref hasUnknown);
            isTooMuch |= groups.Count >= MaxGroups;
            if (!isTooMuch)
            {
                groups.Add(group);
            }
        }
        while (reader.TryTake((byte)' '));
        reader.End();
        return groups.Count(g => g.Filter.IsSelected) > 1
            ? throw new SyntaxException("The selected mailbox can be named once")
            : new NotifyArguments(groups) { WantsStatus = wantsStatus, HasUnknownEvents = hasUnknown, IsTooMuch = isTooMuch };
    }

    private static NotifyGroup ReadGroup(ref ArgumentReader reader, ref bool hasUnknown)
    {
        reader.Take((byte)'(');
        var filter = MailboxFilter.Read(ref reader);
        if (filter.Kind == MailboxFilterKind.SubtreeOne)
        {
            throw new SyntaxException("Unknown mailbox specifier");
        }

        reader.Space();
        var group = new NotifyGroup(filter, NotifyEvents.None);
        if (!reader.TryWord("NONE"u8))
        {
            // The RFC's own examples leave the parentheses away.
            var isList = reader.TryTake((byte)'(');
            do
            {
                group = ReadEvent(ref reader, group, ref hasUnknown);
            }
            while (reader.TryTake((byte)' '));
            if (isList)
            {
                reader.Take((byte)')');
            }
        }

        reader.Take((byte)')');
        return hasUnknown ? group : Check(group);
    }

    private static NotifyGroup Check(NotifyGroup group)
    {
        const NotifyEvents Both = NotifyEvents.MessageNew | NotifyEvents.MessageExpunge;
        if ((group.Events & NotifyEvents.OfMessages) != 0 && (group.Events & Both) != Both)
        {
            throw new SyntaxException("MessageNew and MessageExpunge go together, and with FlagChange");
        }

        return group.Filter.IsSelected && (group.Events & ~NotifyEvents.OfMessages) != 0
            ? throw new SyntaxException("Only events of messages can be asked of the selected mailbox")
            : group;
    }

    private static NotifyGroup ReadEvent(ref ArgumentReader reader, NotifyGroup group, ref bool hasUnknown)
    {
        var known = reader.Word() switch
        {
            "MESSAGENEW" => NotifyEvents.MessageNew,
            "MESSAGEEXPUNGE" => NotifyEvents.MessageExpunge,
            "FLAGCHANGE" => NotifyEvents.FlagChange,
            "MAILBOXNAME" => NotifyEvents.MailboxName,
            "SUBSCRIPTIONCHANGE" => NotifyEvents.SubscriptionChange,
            "MAILBOXMETADATACHANGE" => NotifyEvents.MailboxMetadataChange,
            "SERVERMETADATACHANGE" => NotifyEvents.ServerMetadataChange,
            _ => NotifyEvents.None,
        };
        hasUnknown |= known == NotifyEvents.None;
        group = group with { Events = group.Events | known };
        if (known != NotifyEvents.MessageNew || !reader.Rest.StartsWith(" ("u8))
        {
            return group;
        }

        if (!group.Filter.IsSelected)
        {
            throw new SyntaxException("Only of the selected mailbox can messages be fetched");
        }

        reader.Skip(1);
        return group with { NewItems = FetchArguments.ReadItems(ref reader) };
    }
}
