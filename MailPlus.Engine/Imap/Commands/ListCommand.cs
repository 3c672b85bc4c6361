using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>LIST, basic and extended (RFC 3501 6.3.8, RFC 5258).</summary>
internal sealed class ListCommand() : ImapCommand("LIST", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var arguments = ListArguments.Parse(command);
        if (arguments.IsRootQuery)
        {
            session.Untagged("LIST (\\Noselect) \"/\" \"\"");
            return Completion.Ok("List completed");
        }

        var withOthers = arguments.Patterns.Any(p => p.MayMatchBelow(Places.OthersRoot));
        var listing = new Listing(await session.Places.ListAsync(withOthers, cancellationToken), await session.Store.SubscriptionsAsync(cancellationToken));
        foreach (var (name, hasMatchingChild) in listing.Select(arguments))
        {
            listing.Write(session.Output, name, arguments.Options, hasMatchingChild);
            if (listing.Find(name) is { } place)
            {
                if ((arguments.Options & ListOptions.ReturnMyRights) != 0)
                {
                    RightsText.WriteMyRights(session.Output, place); // RFC 8440
                }

                if (arguments.Status is { } status && place.Mailbox.Selectable && place.Has(Rights.Read))
                {
                    await status.WriteAsync(session, place, cancellationToken);
                }
            }

            if (arguments.Metadata is { } metadata && listing.Find(name) is { } annotated && MetadataResponse.MaySee(annotated))
            {
                MetadataResponse.Write(session.Output, name, metadata, await MetadataResponse.ReadAsync(session, annotated, cancellationToken));
            }

            await session.Output.FlushIfFullAsync(cancellationToken);
        }

        return Completion.Ok("List completed");
    }

    /// <summary>Mailboxes and subscriptions side by side.</summary>
    internal sealed class Listing
    {
        private readonly Dictionary<string, Place> _places;
        private readonly HashSet<string> _subscribed;
        private readonly HashSet<string> _parents = new(StringComparer.Ordinal);

        public Listing(IReadOnlyList<Place> places, IReadOnlyList<string> subscriptions)
        {
            _places = places.ToDictionary(place => place.Name, StringComparer.Ordinal);
            _subscribed = subscriptions.ToHashSet(StringComparer.Ordinal);
            foreach (var place in places)
            {
                foreach (var parent in Superiors(place.Name))
                {
                    _parents.Add(parent);
                }
            }
        }

        public Place? Find(string name) => _places.GetValueOrDefault(name);

        /// <summary>Names to show, and whether each has a selected inferior that RECURSIVEMATCH wants told.</summary>
        public IEnumerable<(string Name, bool HasMatchingChild)> Select(ListArguments arguments)
        {
            var chosen = new SortedSet<string>(StringComparer.Ordinal);
            var withChildren = new HashSet<string>(StringComparer.Ordinal);
            foreach (var name in (arguments.Options & ListOptions.SelectSubscribed) != 0 ? _subscribed : (IEnumerable<string>)_places.Keys)
            {
                if ((arguments.Options & ListOptions.SelectSpecialUse) != 0 && UseOf(Find(name)) == SpecialUse.None)
                {
                    continue;
                }

                if (Matches(arguments, name))
                {
                    chosen.Add(name);
                }
                else if ((arguments.Options & (ListOptions.SelectSubscribed | ListOptions.SelectSpecialUse)) == 0)
                {
                    // Levels above what others share are no mailboxes, but a client that goes down level by level must find them (RFC 3501 6.3.8).
                    chosen.UnionWith(Superiors(name).Where(superior => Find(superior) is null && Matches(arguments, superior)));
                }

                foreach (var superior in (arguments.Options & ListOptions.RecursiveMatch) != 0 ? Superiors(name) : [])
                {
                    if (Matches(arguments, superior))
                    {
                        withChildren.Add(superior);
                        if (!chosen.Contains(name))
                        {
                            chosen.Add(superior); // else the name itself tells it: RFC 5258 3.5 wants no redundant CHILDINFO
                        }
                    }
                }
            }

            return chosen.Select(name => (name, withChildren.Contains(name)));
        }

        public void Write(ResponseWriter output, string name, ListOptions options, bool hasMatchingChild)
        {
            var place = Find(name);
            output.Write("* LIST ("u8);
            output.Write(_parents.Contains(name) ? "\\HasChildren"u8 : "\\HasNoChildren"u8);
            output.Write(place switch
            {
                null when _parents.Contains(name) => " \\Noselect"u8,
                null => " \\NonExistent"u8,
                { Mailbox.Selectable: false } => " \\Noselect"u8,
                _ => default,
            });
            if ((options & ListOptions.ReturnSubscribed) != 0 && _subscribed.Contains(name))
            {
                output.Write(" \\Subscribed"u8);
            }

            if (UseOf(place) is not SpecialUse.None and var use)
            {
                output.Write(" \\"u8);
                output.Write(use.ToString());
            }

            output.Write(") \"/\" "u8);
            output.Mailbox(name);
            if (hasMatchingChild)
            {
                output.Write((options & ListOptions.SelectSubscribed) != 0 ? " (\"CHILDINFO\" (\"SUBSCRIBED\"))"u8 : " (\"CHILDINFO\" (\"SPECIAL-USE\"))"u8);
            }

            output.Line();
        }

        // Another's Trash is no Trash of one's own.
        private static SpecialUse UseOf(Place? place) => place is { IsOwn: true } ? place.Mailbox.SpecialUse : SpecialUse.None;

        private static bool Matches(ListArguments arguments, string name) => arguments.Patterns.Any(p => p.Matches(name));
    }

    /// <summary>The LIST response of SELECT (RFC 9051 6.3.2), with the name it was asked by where that is not the mailbox's own.</summary>
    public static void WriteSelected(ResponseWriter output, string asked, string name)
    {
        if (asked != name)
        {
            WriteRenamed(output, asked, name);
            return;
        }

        output.Write("* LIST () \"/\" "u8);
        output.Mailbox(name);
        output.Line();
    }

    /// <summary>A LIST response that says what a mailbox was called before (RFC 9051 6.3.9.7, OLDNAME).</summary>
    public static void WriteRenamed(ResponseWriter output, string old, string name)
    {
        output.Write("* LIST () \"/\" "u8);
        output.Mailbox(name);
        output.Write(" (\"OLDNAME\" ("u8);
        output.Mailbox(old);
        output.Write("))\r\n"u8);
    }

    /// <summary>Names of the superiors of a name, the nearest last.</summary>
    public static IEnumerable<string> Superiors(string name)
    {
        for (var at = name.IndexOf('/', StringComparison.Ordinal); at > 0; at = name.IndexOf('/', at + 1))
        {
            yield return name[..at];
        }
    }
}
