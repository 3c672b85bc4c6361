using System.Reflection;
using System.Reflection.Emit;

namespace MailPlus.Tests.House;

/// <summary>One instruction of a compiled method: its code and, where it has one, the resolved operand (string, type, method, field).</summary>
internal sealed record Instruction(OpCode Code, object? Operand);

/// <summary>Reads compiled methods, so that rules are checked on what the compiler made and not on how the text looks.</summary>
internal static class CompiledCode
{
    public const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(code => code.Value & 0xFFFF);

    /// <summary>All methods and constructors a type declares itself.</summary>
    public static IEnumerable<MethodBase> Methods(Type type) => type.GetMethods(Everything).Concat<MethodBase>(type.GetConstructors(Everything));

    public static IEnumerable<Instruction> Instructions(MethodBase method)
    {
        var body = method.GetMethodBody()?.GetILAsByteArray();
        for (var at = 0; body is not null && at < body.Length;)
        {
            int value = body[at++];
            if (value == 0xFE)
            {
                value = 0xFE00 | body[at++];
            }

            var code = Codes[value];
            object? operand = null;
            switch (code.OperandType)
            {
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    at++;
                    break;
                case OperandType.InlineVar:
                    at += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    at += 8;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 + (4 * BitConverter.ToInt32(body, at));
                    break;
                case OperandType.InlineString:
                    operand = method.Module.ResolveString(BitConverter.ToInt32(body, at));
                    at += 4;
                    break;
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    operand = Resolve(method, BitConverter.ToInt32(body, at));
                    at += 4;
                    break;
                default:
                    at += 4;
                    break;
            }

            yield return new Instruction(code, operand);
        }
    }

    /// <summary>Every type a type's declaration and code speak of, generic arguments taken apart.</summary>
    public static IEnumerable<Type> Mentioned(Type type)
    {
        var found = new HashSet<Type>();
        Add(found, type.BaseType);
        foreach (var contract in type.GetInterfaces())
        {
            Add(found, contract);
        }

        foreach (var field in type.GetFields(Everything))
        {
            Add(found, field.FieldType);
        }

        foreach (var attribute in type.GetCustomAttributesData().Concat(type.GetMembers(Everything).SelectMany(m => m.GetCustomAttributesData())))
        {
            Add(found, attribute.AttributeType);
        }

        foreach (var method in Methods(type))
        {
            Add(found, (method as MethodInfo)?.ReturnType);
            foreach (var parameter in method.GetParameters())
            {
                Add(found, parameter.ParameterType);
            }

            foreach (var local in method.GetMethodBody()?.LocalVariables ?? [])
            {
                Add(found, local.LocalType);
            }

            foreach (var operand in Instructions(method).Select(i => i.Operand).OfType<MemberInfo>())
            {
                AddMember(found, operand);
            }
        }

        return found;
    }

    private static void AddMember(HashSet<Type> found, MemberInfo member)
    {
        Add(found, member as Type ?? member.DeclaringType);
        if (member is MethodInfo { IsGenericMethod: true } generic)
        {
            foreach (var argument in generic.GetGenericArguments())
            {
                Add(found, argument);
            }
        }
    }

    private static void Add(HashSet<Type> found, Type? type)
    {
        switch (type)
        {
            case null or { IsGenericParameter: true }:
                return;
            case { HasElementType: true }:
                Add(found, type.GetElementType());
                return;
            case { IsGenericType: true, IsGenericTypeDefinition: false }:
                foreach (var argument in type.GetGenericArguments())
                {
                    Add(found, argument);
                }

                Add(found, type.GetGenericTypeDefinition());
                return;
            default:
                found.Add(type);
                return;
        }
    }

    private static MemberInfo? Resolve(MethodBase method, int token)
    {
        var ofType = method.DeclaringType is { IsGenericType: true } declaring ? declaring.GetGenericArguments() : null;
        var ofMethod = method is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericArguments() : null;
        try
        {
            return method.Module.ResolveMember(token, ofType, ofMethod);
        }
        catch (Exception missing) when (missing is FileNotFoundException or TypeLoadException or ArgumentException)
        {
            return null; // of an assembly that is not beside the tests: none of ours
        }
    }
}
